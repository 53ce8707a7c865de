import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

/** Nothing but this server's own files runs or is shown; nothing may frame these pages or post elsewhere. */
export const pageHeaders: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  // Not `no-referrer`: browsers then hide the origin of form posts too, which the cross-site check needs.
  referrerPolicy: 'same-origin',
  xFrameOptions: 'DENY',
  // Plain HTTP on a loopback port must not make browsers insist on HTTPS for every other port of this host.
  strictTransportSecurity: false,
});
