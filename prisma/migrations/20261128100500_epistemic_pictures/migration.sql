-- Pictures of what a network does not know.
ALTER TABLE "picture"
  DROP CONSTRAINT "picture_kind_known",
  ADD CONSTRAINT "picture_kind_known" CHECK ("kind" IN ('input', 'truth', 'prediction', 'error', 'noise', 'epistemic'));
