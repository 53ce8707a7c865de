-- A sweep may compare architectures; a setting of an older version has that of its sweep.
ALTER TABLE "setting"
  ADD COLUMN "model" TEXT,
  ADD COLUMN "basis" TEXT;
