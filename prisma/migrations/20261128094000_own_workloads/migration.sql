-- What each worker tells of the workloads that it brought along: their tasks, metrics and options.
ALTER TABLE "worker" ADD COLUMN "workloads" JSONB NOT NULL DEFAULT '[]';
