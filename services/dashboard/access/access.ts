import { LoginAttempts } from './guard.js';
import { OpenCount, RateLimiter, usualLimits, type AccessLimits } from './limits.js';
import type { AccessSettings } from './secrets.js';
import { Sessions } from './session.js';

/** Everything that decides who may do what, and how often. */
export interface Access {
  readonly settings: AccessSettings;
  readonly sessions: Sessions;
  readonly attempts: LoginAttempts;
  readonly changes: RateLimiter;
  readonly checks: RateLimiter;
  readonly streams: OpenCount;
  readonly streamLife: number;
}

export function createAccess(settings: AccessSettings, limits: AccessLimits = usualLimits): Access {
  const secrets = [settings.token, settings.viewToken].map((secret) => secret ?? '');
  return {
    settings,
    sessions: new Sessions(secrets, settings.sessionHours),
    attempts: new LoginAttempts(limits),
    changes: new RateLimiter(limits.changes),
    checks: new RateLimiter(limits.checks),
    streams: new OpenCount(limits.streams, limits.allStreams),
    streamLife: limits.streamLife,
  };
}
