"""Reads TensorFlow's checkpoints without TensorFlow.

A checkpoint is a "tensor bundle": an index and files of plain numbers. The index is a table in
LevelDB's format whose values are protocol buffers
(tensorflow/core/util/tensor_bundle/tensor_bundle.h and
tensorflow/core/protobuf/tensor_bundle.proto).
"""

from separation.tensor_bundle.bundle import TensorBundle, TensorEntry
from separation.tensor_bundle.wire import BundleDamaged

__all__ = ["BundleDamaged", "TensorBundle", "TensorEntry"]
