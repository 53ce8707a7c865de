import { tryGetContext } from 'hono/context-storage';
import type { Actor } from '../../shared/messages/commands.js';

/** What somebody may do: look, or also launch, cancel, retry and change. */
export const roles = ['view', 'operate'] as const;
export type Role = (typeof roles)[number];

/** Who sent a request, as far as that is known. */
export interface Identity {
  readonly role: Role;
  /** Written by the person at the login; nobody checks it. */
  readonly name: string | undefined;
  /** Of the client, as the server sees it. */
  readonly address: string;
  /** `open`: no secret is set and the server listens on loopback only. */
  readonly via: 'open' | 'session' | 'token';
  /** When the session ends, in milliseconds since 1970. */
  readonly until: number | undefined;
}

export interface AccessVariables {
  readonly identity: Identity;
}

/** The sender of the request that is being answered; undefined where nobody had to be known, as on the login page. */
export function currentIdentity(): Identity | undefined {
  return tryGetContext<{ Variables: Partial<AccessVariables> }>()?.var.identity;
}

/** Whether the page that is being written may offer what changes something. */
export function mayOperate(): boolean {
  return currentIdentity()?.role === 'operate';
}

/** Who gives a command, as the coordinator writes it down. */
export function actorOf(identity: {
  readonly name: string | undefined;
  readonly role: Role | undefined;
  readonly address: string;
  readonly via?: Identity['via'];
}): Actor {
  const { name, role, address, via } = identity;
  return {
    via: via === 'token' ? 'api' : 'dashboard',
    address: address.slice(0, 100),
    ...(name === undefined ? {} : { name }),
    ...(role === undefined ? {} : { role }),
  };
}
