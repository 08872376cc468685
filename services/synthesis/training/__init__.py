"""What needs torch: generator, segmenter, checkpoints. Imported by workers and the study, never by the serving process."""
