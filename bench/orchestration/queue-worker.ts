/** A worker process of a queue that no-op trials are compared with; BENCH_TASK says which. */
import { workOf, type QueueName } from './queues.js';

const { name, folder, at } = JSON.parse(process.env['BENCH_TASK'] ?? '') as {
  name: QueueName;
  folder: string;
  at: string;
};
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
const working = workOf[name](folder, at, stopping.signal);
process.send?.('ready');
await working;
process.exit(0);
