"""One file a format of a published dataset, each written front to back with nothing of the dataset held in memory."""
