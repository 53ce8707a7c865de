import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../services/cli/stack/ports.js';
import { serviceScript } from '../../services/cli/stack/service-plan.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { natsRoles, natsServerConfig, passwordVariableOf } from '../../services/shared/nats/roles.js';
import { makeAuthority, makeCertificate, type Certificate } from '../helpers/certificates.js';
import { cliSandbox, type CliSandbox } from '../helpers/cli.js';
import { startCoordinatorProcess, type CoordinatorProcess } from '../helpers/coordinator-process.js';
import { until } from '../helpers/deadline.js';
import { nkeys, userCredentials } from '../helpers/nats-accounts.js';
import { startNatsProcess, type NatsProcess } from '../helpers/nats-program.js';
import { startPostgres, type TestServer } from '../helpers/servers.js';
import { WorkerRig } from '../helpers/worker-rig.js';
import { everything } from '../helpers/tiers.js';

type Role = keyof typeof natsRoles;

const passwordOf = (role: Role): string => `p-${role}-of-a-test`;
const tlsOf = ({ cert, key }: Certificate, more = ''): string =>
  `\ntls { cert_file: "${cert}", key_file: "${key}"${more} }\n`;

let folder: string;
let authority: Certificate;
let certificate: Certificate;
let other: Certificate;
const running: NatsProcess[] = [];

async function serve(config: string, environment: Readonly<Record<string, string>> = {}): Promise<number> {
  const port = await freePort();
  running.push(await startNatsProcess(join(folder, `nats-${port}.conf`), port, config, environment));
  return port;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigmasweep-security-'));
  authority = makeAuthority(folder, 'authority');
  other = makeAuthority(folder, 'other');
  certificate = makeCertificate(folder, 'server', authority);
});
afterAll(async () => {
  await Promise.all(running.map((server) => server.end('SIGTERM')));
  rmSync(folder, { recursive: true, force: true });
});

describe('NATS with TLS and a user for each role', () => {
  let port: number;
  let postgres: TestServer;
  let sandbox: CliSandbox;
  let coordinator: CoordinatorProcess;
  let worker: WorkerRig;
  const urlOf = (role: Role, password = passwordOf(role)): string =>
    `tls://${role}:${password}@127.0.0.1:${String(port)}`;

  beforeAll(async () => {
    const roles = Object.keys(natsRoles) as Role[];
    port = await serve(
      `${natsServerConfig(join(folder, 'jetstream'))}${tlsOf(certificate)}`,
      Object.fromEntries(roles.map((role) => [passwordVariableOf(natsRoles[role]), passwordOf(role)])),
    );
    postgres = await startPostgres();
    sandbox = cliSandbox();
    const trust = { NATS_CA: authority.cert };
    const natsUrl = urlOf('coordinator');
    coordinator = await startCoordinatorProcess({ databaseUrl: postgres.url, natsUrl, settings: trust });
    worker = WorkerRig.start(urlOf('worker'), folder, trust);
    await worker.ready();
  });
  afterAll(async () => {
    await worker.end();
    await coordinator.end('SIGTERM');
    await sandbox.remove();
    await postgres.stop();
  });

  /** Runs a service until it says that it is ready, or ends. */
  async function runService(service: 'coordinator' | 'worker' | 'dashboard', environment: Record<string, string>) {
    const child = spawn(process.execPath, [serviceScript(service)], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        DATABASE_URL: postgres.url,
        SIGMASWEEP_PORT: '0',
        SIGMASWEEP_BACKEND: 'wasm',
        ...environment,
      },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const isReady = (): boolean => stdout.includes('"ready":true');
    await until(() => isReady() || child.exitCode !== null, { deadlineMs: 60_000, what: `${service} to start or end` });
    const ready = isReady();
    child.kill('SIGTERM');
    await closed;
    return { ready, stderr };
  }

  it('a sweep goes from the command line to its results, and the dashboard connects', async () => {
    const environment = { NATS_URL: urlOf('client'), NATS_CA: authority.cert };
    const spec = sandbox.writeSpec('spec.json', {
      name: 'encrypted',
      workload: 'rehearsal',
      tasks: ['semantic', 'depth'],
      weightings: [{ method: 'uncertainty' }],
      seeds: [1],
      epochs: 2,
    });
    const submitted = await sandbox.run(['submit', spec], environment);
    expect(submitted.code, submitted.stderr).toBe(0);
    await until(async () => (await sandbox.run(['status', 'latest'], environment)).stdout.includes('completed'), {
      deadlineMs: 120_000,
      what: 'the sweep to complete',
      intervalMs: 500,
    });
    expect((await runService('dashboard', environment)).ready).toBe(true);
  });

  // They connect alike: each sees the first fault, and one of them each other one.
  const allServices = ['coordinator', 'worker', 'dashboard'] as const;
  it.each([
    [
      'no authority',
      allServices,
      () => ({ NATS_URL: urlOf('client') }),
      /NATS_UNTRUSTED.*127\.0\.0\.1.*certificate that is not trusted/,
    ],
    [
      'another authority',
      ['coordinator'],
      () => ({ NATS_URL: urlOf('client'), NATS_CA: other.cert }),
      /NATS_UNTRUSTED.*not trusted/,
    ],
    [
      'a file that is not there',
      ['worker'],
      () => ({ NATS_URL: urlOf('client'), NATS_CA: '/none.crt' }),
      /NATS_FILE.*NATS_CA.*\/none\.crt/,
    ],
    [
      'a wrong password',
      ['dashboard'],
      () => ({ NATS_URL: urlOf('client', 'wrong'), NATS_CA: authority.cert }),
      /NATS_REFUSED.*does not let this client in/,
    ],
  ] as const)(
    'with %s every service and the command line end and say why',
    async (_, services, environment, message) => {
      for (const service of everything ? allServices : services) {
        const { ready, stderr } = await runService(service, environment());
        expect(ready, service).toBe(false);
        expect(stderr, service).toMatch(message);
        expect(stderr).not.toContain('of-a-test');
      }
      const { code, stderr } = await sandbox.run(['status'], environment());
      expect(code).not.toBe(0);
      expect(stderr.replaceAll('\n', ' ')).toMatch(new RegExp(message.source.replace(/^NATS_\w+\.\*/, '')));
    },
  );
});

describe('other ways to be let in', () => {
  const connected = async (...given: Parameters<typeof connectNats>): Promise<boolean> => {
    const connection = await connectNats(...given);
    await connection.flush();
    await connection.close();
    return true;
  };

  it.runIf(everything)('by an NKey and a certificate of the client, both from files', async () => {
    const user = nkeys.createUser();
    const NATS_NKEY = join(folder, 'user.nk');
    writeFileSync(NATS_NKEY, `${new TextDecoder().decode(user.getSeed())}\n`);
    const verify = `, ca_file: "${authority.cert}", verify: true`;
    const config = `authorization { users = [ { nkey: ${user.getPublicKey()} } ] }${tlsOf(certificate, verify)}`;
    const url = `tls://localhost:${await serve(config)}`;
    const client = makeCertificate(folder, 'client', authority);
    const files = { NATS_CA: authority.cert, NATS_CERT: client.cert, NATS_KEY: client.key };
    expect(await connected(url, 'test', { ...files, NATS_NKEY })).toBe(true);
    await expect(connected(url, 'test', { NATS_CA: authority.cert, NATS_NKEY })).rejects.toMatchObject({
      code: 'NATS_UNREACHABLE',
      hint: expect.stringContaining('NATS_CERT') as string,
    });
    await expect(connected(url, 'test', files)).rejects.toMatchObject({ code: 'NATS_REFUSED' });
  });

  it('by credentials of an operator’s account', async () => {
    const { config, creds } = userCredentials();
    const url = `nats://localhost:${await serve(config)}`;
    const [NATS_CREDS, strange] = [join(folder, 'user.creds'), join(folder, 'strange.creds')];
    writeFileSync(NATS_CREDS, creds);
    writeFileSync(strange, userCredentials().creds);
    expect(await connected(url, 'test', { NATS_CREDS })).toBe(true);
    await expect(connected(url, 'test', { NATS_CREDS: strange })).rejects.toMatchObject({ code: 'NATS_REFUSED' });
  });

  it('credentials in the address come first, and a server without TLS is not taken for one with it', async () => {
    const port = await serve('authorization { token: "a-token-of-a-test" }');
    const NATS_NKEY = join(folder, 'unused.nk');
    writeFileSync(NATS_NKEY, nkeys.createUser().getSeed());
    expect(await connected(`nats://a-token-of-a-test@localhost:${port}`, 'test', { NATS_NKEY })).toBe(true);
    await expect(connected(`tls://a-token-of-a-test@localhost:${port}`, 'test')).rejects.toMatchObject({
      code: 'NATS_UNTRUSTED',
      message: expect.stringContaining('does not encrypt') as string,
    });
  });
});
