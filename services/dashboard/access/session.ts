import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { roles, type Role } from './identity.js';

/** What a session's cookie holds. It is signed, not secret. */
const payload = z.strictObject({
  id: z.string().regex(/^[\w-]{16}$/),
  role: z.enum(roles),
  name: z.string().max(100).optional(),
  /** Milliseconds since 1970. */
  until: z.int(),
});
export type Session = z.infer<typeof payload>;

/** Sessions that were ended before their time are remembered until then; more of them than this are not made in practice. */
const mostEnded = 10_000;

/**
 * Sessions as signed cookies: nothing is stored for each, and they outlive a restart. The key is made from the secrets, so
 * that a changed secret ends every session.
 */
export class Sessions {
  readonly #key: Buffer;
  readonly #ended = new Map<string, number>();
  /** Two installations on one host share its cookies whatever their ports are; each has a name of its own. */
  readonly cookieName: string;

  constructor(
    secrets: readonly string[],
    private readonly hours: number,
    private readonly now: () => number = Date.now,
  ) {
    const derive = (purpose: string): Buffer =>
      createHmac('sha256', secrets.map((secret) => `${String(secret.length)}:${secret}`).join())
        .update(purpose)
        .digest();
    this.#key = derive('session');
    this.cookieName = `sigmasweep_${derive('cookie name').toString('hex').slice(0, 8)}`;
  }

  /** Begins a session and gives its cookie's value. */
  begin(role: Role, name: string | undefined): { value: string; until: number } {
    const until = this.now() + this.hours * 3_600_000;
    const session: Session = {
      id: randomBytes(12).toString('base64url'),
      role,
      until,
      ...(name === undefined ? {} : { name }),
    };
    const body = Buffer.from(JSON.stringify(session)).toString('base64url');
    return { value: `${body}.${this.#sign(body)}`, until };
  }

  /** The session of a cookie's value; undefined when it was not made here, has run out or was ended. */
  read(value: string | undefined): Session | undefined {
    const [body = '', signature = '', ...rest] = value?.split('.') ?? [];
    const wanted = Buffer.from(this.#sign(body));
    const given = Buffer.from(signature);
    if (rest.length > 0 || given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    const session = payload.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString())).data;
    if (session === undefined || session.until <= this.now() || this.#ended.has(session.id)) return undefined;
    return session;
  }

  /** Ends a session for good, also for somebody who has copied its cookie. */
  end(session: Session): void {
    for (const [id, until] of this.#ended) if (until <= this.now()) this.#ended.delete(id);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size >= mostEnded && oldest !== undefined) this.#ended.delete(oldest);
    this.#ended.set(session.id, session.until);
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#key).update(body).digest('base64url');
  }
}
