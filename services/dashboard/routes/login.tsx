import { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { clientAddress, loginPath, logoutPath, tooMany } from '../access/guard.js';
import { isOpen, roleOfSecret } from '../access/secrets.js';
import type { Dependencies } from '../dependencies.js';
import { LoginPage } from '../views/login.js';
import { readFields } from './parameters.js';

/** Where to go after the login: a path of this server and nothing else. */
export function readNext(text: string | undefined): string {
  return text !== undefined && /^\/(?![/\\])[^\s\\]*$/.test(text) && !text.startsWith(loginPath) ? text : '/';
}

/** What a person calls themselves, for the log of actions. */
function readName(value: string): string | undefined {
  const name = value.replace(/\p{C}/gu, '').trim().slice(0, 100);
  return name === '' ? undefined : name;
}

/** Logging in and out. */
export function loginRoutes({ access, assets, commands }: Dependencies): Hono {
  const { settings, sessions, attempts } = access;
  const app = new Hono();

  app.get(loginPath, (context) => {
    const next = readNext(context.req.query('next'));
    if (isOpen(settings) || sessions.read(getCookie(context, sessions.cookieName)) !== undefined) {
      return context.redirect(next, 303);
    }
    return context.html(<LoginPage assets={assets} next={next} fault={undefined} />);
  });

  app.post(loginPath, async (context) => {
    const address = clientAddress(context, settings.proxies);
    const wait = attempts.wait(address);
    if (wait > 0) return tooMany(context, wait);
    const field = await readFields(context.req);
    const next = readNext(field('next'));
    const role = roleOfSecret(field('secret'), settings);
    if (role === undefined) {
      attempts.failed(address);
      if (attempts.wait(address) > 0)
        commands.noteAccess('login-blocked', { name: undefined, role: undefined, address });
      const fault = 'This is neither the secret that lets you operate nor the one that lets you view.';
      return context.html(<LoginPage assets={assets} next={next} fault={fault} />, 401);
    }
    const name = readName(field('name'));
    const { value, until } = sessions.begin(role, name);
    setCookie(context, sessions.cookieName, value, {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      expires: new Date(until),
      // Over plain HTTP, as through an SSH tunnel, a secure cookie would be thrown away.
      secure: new URL(context.req.url).protocol === 'https:' || context.req.header('x-forwarded-proto') === 'https',
    });
    commands.noteAccess('login', { name, role, address });
    return context.redirect(next, 303);
  });

  app.post(logoutPath, (context) => {
    const session = sessions.read(getCookie(context, sessions.cookieName));
    if (session !== undefined) {
      sessions.end(session);
      commands.noteAccess('logout', {
        name: session.name,
        role: session.role,
        address: clientAddress(context, settings.proxies),
      });
    }
    deleteCookie(context, sessions.cookieName, { path: '/' });
    return context.redirect(loginPath, 303);
  });

  return app;
}
