-- Pictures of where a prediction is wrong, and of the noise that it expects.
ALTER TABLE "picture"
  DROP CONSTRAINT "picture_kind_known",
  ADD CONSTRAINT "picture_kind_known" CHECK ("kind" IN ('input', 'truth', 'prediction', 'error', 'noise'));
