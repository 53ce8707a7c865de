import { longestNotes } from '../../shared/messages/commands.js';
import { mayOperate } from '../access/identity.js';
import type { AnnotationView } from '../queries/annotations.js';

/** Tags as links to what else has them. */
export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  return (
    <ul class="tags" aria-label="Tags">
      {tags.map((tag) => (
        <li>
          <a class="tag" href={`/?tag=${encodeURIComponent(tag)}`}>
            {tag}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Notes and tags of a sweep or a trial, with the form that changes them. */
export function AnnotationCard({ base, annotation }: { base: string; annotation: AnnotationView }) {
  const { notes, tags } = annotation;
  const isEmpty = notes === '' && tags.length === 0;
  if (isEmpty && !mayOperate()) return null;
  return (
    <section class={isEmpty ? 'annotation annotation-empty' : 'card annotation'} aria-labelledby="annotation-title">
      <div class={isEmpty ? 'hidden' : 'card-head'}>
        <h2 id="annotation-title">Notes and tags</h2>
      </div>
      <Tags tags={tags} />
      {notes === '' ? null : <p class="notes">{notes}</p>}
      {mayOperate() ? (
        <details data-key="annotate">
          <summary>{isEmpty ? 'Add notes or tags' : 'Change'}</summary>
          <form method="post" action={`${base}/annotation`} class="annotate">
            <label for="annotation-notes">Notes</label>
            <textarea id="annotation-notes" name="notes" rows={5} maxlength={longestNotes}>
              {notes}
            </textarea>
            <label for="annotation-tags">Tags, with commas between them</label>
            <input id="annotation-tags" name="tags" type="text" value={tags.join(', ')} autocomplete="off" />
            <button class="button" type="submit">
              Save
            </button>
          </form>
        </details>
      ) : null}
    </section>
  );
}
