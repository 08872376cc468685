-- A database a service: nobody reads another's tables. Runs once, when the volume is new.
CREATE DATABASE bramble_gateway;
CREATE DATABASE bramble_images;
CREATE DATABASE bramble_annotations;
CREATE DATABASE bramble_inference;
CREATE DATABASE bramble_consensus;
CREATE DATABASE bramble_synthesis;
