-- What a truth or a prediction of a whole sample says in numbers, as JSON text: likelihoods by class, or one number.
ALTER TABLE "picture" ADD COLUMN "numbers" TEXT;
