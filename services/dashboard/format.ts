import { formatDuration } from '../shared/format-duration.js';

/** Text forms of numbers and times, the same on the server and in the browser. */

/** An estimate, no more exact than it is: "40 s", "36 min", "1 h 7 min". */
export function formatEstimate(seconds: number): string {
  if (seconds < 120) return formatDuration(5 * Math.ceil(seconds / 5));
  return formatDuration(60 * Math.round(seconds / 60)).replace(/ min 0 s$/, ' min');
}

/** How long ago, coarsely: "just now", "12 s ago", "3 min ago", "5 h ago", "2 d ago". */
export function formatAgo(seconds: number): string {
  if (seconds < 2) return 'just now';
  if (seconds < 60) return `${String(Math.round(seconds))} s ago`;
  if (seconds < 3600) return `${String(Math.round(seconds / 60))} min ago`;
  if (seconds < 172_800) return `${String(Math.round(seconds / 3600))} h ago`;
  return `${String(Math.round(seconds / 86_400))} d ago`;
}

/** Memory, no more exact than it is of use: 84 KiB, 512 MiB, 23.5 GiB, 80 GiB. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024 ** 2) return `${String(Math.ceil(bytes / 1024))} KiB`;
  const gibibytes = bytes / 1024 ** 3;
  if (gibibytes < 1) return `${String(Math.round(bytes / 1024 ** 2))} MiB`;
  return `${String(Number(gibibytes.toFixed(gibibytes < 100 ? 1 : 0)))} GiB`;
}

/** "2026-11-24 14:36:05 UTC". */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** "14:36:05" for logs, where the date would only repeat itself. */
export function formatClock(time: Date): string {
  return time.toISOString().slice(11, 19);
}
