"""Models in the layout of Music-Source-Separation-Training: a YAML beside a checkpoint."""

from separation.separators.msst.separator import MsstSeparator as MsstSeparator
