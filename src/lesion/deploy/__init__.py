"""Models as they are deployed: files of ONNX and other runtimes run, written, and timed.

May import: predict and what lies below it; torch inside functions alone, since predictions of a file need none. Makes:
predictions of model files, exported networks, and `latency/`.
"""
