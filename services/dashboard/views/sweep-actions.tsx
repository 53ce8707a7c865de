import { mayOperate } from '../access/identity.js';

/** A button that posts; asks first where the deed matters. Not there for who may only look. */
export function Post({
  to,
  label,
  confirm,
  quiet,
  fields = {},
}: {
  to: string;
  label: string;
  confirm?: string;
  quiet?: boolean;
  /** What is sent along; undefined ones are not. */
  fields?: Readonly<Record<string, string | undefined>>;
}) {
  if (!mayOperate()) return null;
  const sent = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
  return (
    <form method="post" action={to} data-confirm={confirm} data-key={`${to} ${label}`}>
      {sent.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button class={quiet === true ? 'button' : 'button button-danger'} type="submit">
        {label}
      </button>
    </form>
  );
}
