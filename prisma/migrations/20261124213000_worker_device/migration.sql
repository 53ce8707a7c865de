-- What a worker computes on, as far as it is known; a worker of an older version says none of it.
ALTER TABLE "worker"
  ADD COLUMN "driver" TEXT,
  ADD COLUMN "memory_bytes" BIGINT,
  ADD COLUMN "threads" INTEGER;
