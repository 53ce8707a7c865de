import pg from 'pg';
import { redact } from '../../shared/log.js';
import { findPostgresPrograms } from '../stack/postgres-cluster.js';
import { runProgram } from '../stack/run-program.js';
import { serverAccount } from '../stack/server-account.js';
import { findingOfError, type Finding } from './finding.js';

const topic = 'PostgreSQL';
const oldestMajor = 14;

/** Whether a database can be used: the one of an address, or the server that npm has brought. */
export async function checkDatabase(url: string | undefined, given: boolean): Promise<Finding> {
  if (url !== undefined) return checkServer(url, given ? 'DATABASE_URL' : 'running');
  try {
    const account = serverAccount();
    const { stdout } = await runProgram(findPostgresPrograms(undefined).postgres, ['--version'], { timeoutMs: 10_000 });
    const runsAs = account === undefined ? '' : `, runs as ${account.name}`;
    return { topic, state: 'ok', found: `${stdout.trim()} from npm${runsAs}; \`run\` and \`up\` start it` };
  } catch (error) {
    const finding = findingOfError(topic, error);
    return /shared librar/.test(finding.found) ? { ...finding, hint: 'Run npm run build: it links them.' } : finding;
  }
}

async function checkServer(url: string, where: string): Promise<Finding> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  // An error after the connection is lost is told by the query as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    const version = rows[0]?.server_version ?? '';
    const enough = Number.parseInt(version, 10) >= oldestMajor;
    return {
      topic,
      state: enough ? 'ok' : 'missing',
      found: `${version} (${where})`,
      hint: enough ? undefined : `PostgreSQL ${oldestMajor} or newer is needed.`,
    };
  } catch (error) {
    return {
      topic,
      state: 'missing',
      found: `${redact(url)} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'Check DATABASE_URL; without it a server is started here.',
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}
