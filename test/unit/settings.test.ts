import { describe, expect, it } from 'vitest';
import { readConfig } from '../../services/shared/config.js';
import { SigmasweepError } from '../../services/shared/errors.js';
import { redact } from '../../services/shared/log.js';

function faultOf(call: () => unknown): SigmasweepError {
  try {
    call();
  } catch (error) {
    if (error instanceof SigmasweepError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('settings', () => {
  it('that are missing or wrong are listed all at once, and their values are not shown', () => {
    const given = {
      DATABASE_URL: 'mysql://user:a-secret@host/db',
      SIGMASWEEP_PORT: 'a-secret',
      SIGMASWEEP_TOKEN: 'a-secret',
      SIGMASWEEP_LOG_LEVEL: '',
    };
    const { code, message, hint } = faultOf(() => readConfig('dashboard', given));
    expect(code).toBe('CONFIG_INVALID');
    for (const name of ['DATABASE_URL', 'NATS_URL is missing', 'SIGMASWEEP_PORT', 'SIGMASWEEP_TOKEN']) {
      expect(message).toContain(name);
    }
    expect(message).not.toContain('LOG_LEVEL');
    expect(message + (hint ?? '')).not.toContain('a-secret');
  });

  it.each([
    ['postgresql://ada:a-secret@db.example:5432/sweeps', 'db.example:5432'],
    ['nats://a-secret@nats.example:4222', 'nats.example:4222'],
    ['nats://worker:a-secret@one:4222,nats://worker:a-secret@two:4222', 'two:4222'],
    ['connect to postgres://u:a%40-secret@h/d?password=a-secret failed', 'failed'],
  ])('in addresses are told without their secrets: %s', (text, kept) => {
    expect(redact(text)).not.toContain('secret');
    expect(redact(text)).toContain(kept);
  });
});
