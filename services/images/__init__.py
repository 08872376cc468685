"""Images: takes uploads in, removes identities, keeps originals, and serves the frames that people draw on."""
