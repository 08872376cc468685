"""The study: what each part of a dataset is worth, with intervals and the controls that such claims usually lack."""
