import { describe, expect, it } from 'vitest';
import { OpenCount, RateLimiter } from '../../services/dashboard/access/limits.js';
import { Sessions } from '../../services/dashboard/access/session.js';
import { checkBinding, isLoopback, isToken } from '../../services/dashboard/access/token.js';
import { readNext } from '../../services/dashboard/routes/login.js';
import { readCount, readId, readNotice, readTrialFilter } from '../../services/dashboard/routes/parameters.js';

describe('where the dashboard may listen', () => {
  it.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])('%s is loopback', (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(() => checkBinding(host, undefined)).not.toThrow();
  });

  it.each(['0.0.0.0', '::', '10.0.0.5', 'example.org', '127.example.org', 'localhost.example.org', ''])(
    '%s needs a token',
    (host) => {
      expect(isLoopback(host)).toBe(false);
      expect(() => checkBinding(host, undefined)).toThrow(
        expect.objectContaining({ code: 'PUBLIC_BIND_WITHOUT_TOKEN' }),
      );
      expect(() => checkBinding(host, 'a token of sixteen')).not.toThrow();
    },
  );

  it('refuses a secret for looking alone, with which nobody could operate', () => {
    expect(() => checkBinding('127.0.0.1', undefined, 'a secret for viewing')).toThrow(
      expect.objectContaining({ code: 'VIEW_TOKEN_ALONE' }),
    );
  });

  it('knows the token and nothing near it', () => {
    const token = 'correct horse battery';
    expect(isToken(token, token)).toBe(true);
    for (const wrong of ['', 'correct horse', `${token} `, token.toUpperCase()])
      expect(isToken(wrong, token)).toBe(false);
  });
});

describe('sessions', () => {
  const secrets = ['the secret to operate', 'the secret to view'];
  let now = 1_000_000;
  const sessions = (given = secrets): Sessions => new Sessions(given, 2, () => now);

  it('are known to whoever has the same secrets, until they run out or are ended', () => {
    const { value, until } = sessions().begin('view', 'Ada');
    expect(until).toBe(now + 2 * 3_600_000);
    expect(sessions().read(value)).toMatchObject({ role: 'view', name: 'Ada', until });
    expect(sessions(['the secret to operate', 'another']).read(value)).toBeUndefined();
    const here = sessions();
    const session = here.read(value);
    if (session === undefined) throw new Error('the session is not known');
    here.end(session);
    expect(here.read(value)).toBeUndefined();
    now = until;
    expect(sessions().read(value)).toBeUndefined();
  });

  it.each(['', '.', 'a.b', 'a.b.c', 'e30.', '..', 'é.é'])('are not made from %j', (value) => {
    expect(sessions().read(value)).toBeUndefined();
  });

  it('cannot be changed: another role needs another signature', () => {
    const { value } = sessions().begin('view', undefined);
    const [body = '', signature = ''] = value.split('.');
    const text = Buffer.from(body, 'base64url').toString().replace('"view"', '"operate"');
    expect(sessions().read(`${Buffer.from(text).toString('base64url')}.${signature}`)).toBeUndefined();
    // Secrets are told apart wherever one ends: moving letters between them is another key.
    const moved = new Sessions(['the secret to operatet', 'he secret to view'], 2, () => now);
    expect(moved.read(value)).toBeUndefined();
    expect(moved.cookieName).not.toBe(sessions().cookieName);
  });
});

describe('limits', () => {
  it('let a burst through, then so many a second, for each key apart', () => {
    let now = 0;
    const limiter = new RateLimiter({ burst: 2, perSecond: 0.5 }, () => now);
    limiter.take('a');
    expect(limiter.wait('a')).toBe(0);
    limiter.take('a');
    expect(limiter.wait('a')).toBe(2);
    expect(limiter.wait('b')).toBe(0);
    now = 2;
    expect(limiter.wait('a')).toBe(0);
  });

  it('count what is open, of one and of all', () => {
    const count = new OpenCount(2, 3);
    const close = count.open('a');
    expect(count.open('a')).toBeDefined();
    expect(count.open('a')).toBeUndefined();
    expect(count.open('b')).toBeDefined();
    expect(count.open('c')).toBeUndefined();
    close?.();
    close?.();
    expect(count.open('c')).toBeDefined();
    expect(count.open('d')).toBeUndefined();
  });
});

describe('where a login leads', () => {
  it.each([
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/a b',
    '',
    '/login?next=/x',
    'javascript:alert(1)',
  ])('not to %j', (next) => expect(readNext(next)).toBe('/'));
  it('back to where it began', () => expect(readNext('/sweeps/a?sort=b#c')).toBe('/sweeps/a?sort=b#c'));
});

describe('values from an address', () => {
  it.each(["'; DROP TABLE trial; --", '../../etc/passwd', 'a b', '', 'x'.repeat(65), '<img>'])(
    '%j is no id',
    (text) => {
      expect(readId(text)).toBeUndefined();
    },
  );

  it.each(['-1', '1.5', '1e3', '99999999999', 'NaN', ''])('%j is no count', (text) => {
    expect(readCount(text)).toBeUndefined();
  });

  it('takes what it knows from a filter and passes over the rest', () => {
    expect(readTrialFilter({ state: 'failed', page: '3' })).toEqual({ state: 'failed', page: 3 });
    expect(readTrialFilter({ state: "x' OR 1=1", page: '-4' })).toEqual({ state: undefined, page: 1 });
    expect(readTrialFilter({ page: '0' }).page).toBe(1);
  });

  it('builds notices from numbers alone', () => {
    expect(readNotice({ cancelled: '1' })).toBe('1 trial cancelled.');
    expect(readNotice({ queued: '12' })).toBe('12 trials queued again.');
    expect(readNotice({ cancelled: '<b>3</b>' })).toBeUndefined();
  });
});
