-- Who did what, or was refused it.
CREATE TABLE "action" (
  "id" BIGSERIAL NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "action" TEXT NOT NULL,
  "via" TEXT,
  "name" TEXT,
  "role" TEXT,
  "address" TEXT,
  "target" TEXT,
  "outcome" TEXT NOT NULL,
  "detail" JSONB NOT NULL,
  CONSTRAINT "action_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "action_target_idx" ON "action" ("target");
