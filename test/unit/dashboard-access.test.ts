import { describe, expect, it } from 'vitest';
import { checkBinding, isLoopback, isToken } from '../../services/dashboard/access/token.js';
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

  it('knows the token and nothing near it', () => {
    const token = 'correct horse battery';
    expect(isToken(token, token)).toBe(true);
    for (const wrong of ['', 'correct horse', `${token} `, token.toUpperCase()])
      expect(isToken(wrong, token)).toBe(false);
  });
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
