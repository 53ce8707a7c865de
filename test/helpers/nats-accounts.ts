import { createHash, randomUUID } from 'node:crypto';
import { nkeys as untyped } from 'nats';

interface KeyPair {
  getPublicKey(): string;
  getSeed(): Uint8Array;
  sign(text: Uint8Array): Uint8Array;
}

/** Makes the keys of operators, accounts and users; nats.js gives them out without their types. */
export const nkeys = untyped as unknown as Record<'createOperator' | 'createAccount' | 'createUser', () => KeyPair>;

/** A token as nats-server reads it: claims about a key, signed by another one. */
function claim(issuer: KeyPair, subject: KeyPair, name: string, nats: Record<string, unknown>): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = {
    jti: createHash('sha256').update(randomUUID()).digest('hex'),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name,
    nats: { version: 2, ...nats },
  };
  const signed = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(body)}`;
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString('base64url')}`;
}

const unlimited = { subs: -1, data: -1, payload: -1 };

/** An operator with one account and one user: the server's configuration, and the user's credentials file. */
export function userCredentials(): { config: string; creds: string } {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const ofOperator = claim(operator, operator, 'operator', { type: 'operator' });
  const ofAccount = claim(operator, account, 'account', { type: 'account', limits });
  const ofUser = claim(account, user, 'user', { type: 'user', ...unlimited });
  const seed = new TextDecoder().decode(user.getSeed());
  return {
    config: `operator: ${ofOperator}\nresolver: MEMORY\nresolver_preload: { ${account.getPublicKey()}: ${ofAccount} }\n`,
    creds: [
      '-----BEGIN NATS USER JWT-----',
      ofUser,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      seed,
      '------END USER NKEY SEED------',
      '',
    ].join('\n'),
  };
}
