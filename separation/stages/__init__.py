"""The stages of a pipeline, one module each; :mod:`separation.stages.base` is their contract."""
