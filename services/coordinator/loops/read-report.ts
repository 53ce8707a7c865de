import { reportMessage, type ReportMessage } from '../../shared/messages/reports.js';

/** More than any worker sends, in bytes. */
const largestReport = 4 * 1024 * 1024;

/** A report, or why it is none. */
export type ReadReport =
  { readonly report: ReportMessage; readonly fault?: never } | { readonly fault: string; readonly report?: never };

/** Reads a message of the stream REPORTS: its size, JSON, version and shape are checked in this order. */
export function readReport(data: Uint8Array): ReadReport {
  if (data.byteLength > largestReport) {
    return { fault: `the message has ${String(data.byteLength)} bytes, ${String(largestReport)} are allowed` };
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (error) {
    return { fault: `the message is not JSON: ${String(error)}` };
  }
  const parsed = reportMessage.safeParse(value);
  if (parsed.success) return { report: parsed.data };
  const faults = parsed.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'message'}: ${issue.message}`);
  return { fault: faults.join('; ') };
}
