// docs/troubleshooting.md: its part between the marks lists every error code of the source with what it says and what to
// do. Both are read from where the error is made; scripts/error-causes.yaml adds what the code alone does not tell.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parse } from 'yaml';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const codePattern = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;
/** Codes of one word, which look like any other text in capitals. */
const shortCodes = ['UNEXPECTED', 'INTERNAL', 'BUSY', 'INTERRUPTED'];
/** What looks like a code and is none of ours: those of Node.js and of libraries, and names of settings. */
const notOurs = /^(MULTIPLE_DOCS|ERR_|E[A-Z]+$|SIGMASWEEP_|TF_|PG_)/;

/** Where a code belongs: the first whose folder holds the file that makes it. */
const areas = [
  ['Specs and requests', /sweep-spec|coordinator\/api|read-spec|shared\/messages/],
  ['Command line and local servers', /services\/cli/],
  ['Dashboard and API', /services\/dashboard/],
  ['Coordinator, NATS and PostgreSQL', /services\/(coordinator|shared)/],
  ['Data', /worker\/workloads/],
  ['Backends', /worker\/backends/],
  ['Checkpoints', /checkpoint|network/i],
  ['Workers and programs', /worker\/agent|services\/worker\/[a-z-]+\.ts/],
  ['Training', /services\/worker/],
];

/** Every text that an expression can be, what is filled in as `…`; nothing for what is not written there. */
function textsOf(node) {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) {
    const filled = (expression) => (/^[a-z]*[cC]ode$/.test(expression.getText()) ? expression.getText() : '…');
    return [node.head.text + node.templateSpans.map((span) => filled(span.expression) + span.literal.text).join('')];
  }
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return textsOf(node.expression);
  if (ts.isBinaryExpression(node)) {
    if (node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
      return [...textsOf(node.left), ...textsOf(node.right)];
    }
    if (node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return [];
    const [left = '…'] = textsOf(node.left);
    const [right = '…'] = textsOf(node.right);
    return [left + right];
  }
  if (ts.isIdentifier(node)) return textsOf(constants.get(node.text));
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    return node.expression.name.text === 'slice' ? textsOf(node.expression.expression) : [];
  }
  return [];
}

/** Constants of the file that is being read, by name. */
let constants = new Map();

function property(object, name) {
  if (object === undefined || !ts.isObjectLiteralExpression(object)) return undefined;
  const found = object.properties.find((one) => one.name !== undefined && one.name.getText() === name);
  if (found === undefined) return undefined;
  return ts.isShorthandPropertyAssignment(found) ? found.name : found.initializer;
}

const isCode = (text) => (codePattern.test(text) && !notOurs.test(text)) || shortCodes.includes(text);

/** The errors that one file makes: `new …Error(CODE, message, …)`, `super(CODE, …)` and `{ code: CODE, message, … }`. */
function errorsIn(file) {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const found = [];
  constants = new Map();
  const note = (code, message, hints) => {
    for (const one of textsOf(code).filter(isCode)) {
      found.push({ code: one, file, messages: textsOf(message), hints });
    }
  };
  const hintsOf = (details) =>
    details !== undefined && ts.isObjectLiteralExpression(details)
      ? textsOf(property(details, 'hint'))
      : textsOf(details);
  const collect = (node) => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) {
      // A name that is declared twice stands for either: nothing is told then.
      constants.set(node.name.text, constants.has(node.name.text) ? undefined : node.initializer);
    }
    ts.forEachChild(node, collect);
  };
  const visit = (node) => {
    const isThrown = ts.isNewExpression(node) && /Error$/.test(node.expression.getText());
    const isSuper = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword;
    if (isThrown || isSuper) {
      const [code, message, details] = node.arguments ?? [];
      note(code, message, hintsOf(details));
    } else if (ts.isObjectLiteralExpression(node)) {
      note(property(node, 'code'), property(node, 'message'), textsOf(property(node, 'hint')));
    } else if (ts.isCallExpression(node) && /^(refusal|fail|failure)$/.test(node.expression.getText())) {
      const [, code, message] = node.arguments;
      note(code, message, []);
    }
    ts.forEachChild(node, visit);
  };
  collect(source);
  visit(source);
  return found;
}

/** Every code of the project by its name: where it is made, what it says, what it advises. */
export function errorCodes() {
  const files = readdirSync(join(root, 'services'), { recursive: true })
    .map((name) => `services/${name.replaceAll('\\', '/')}`)
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('/generated/'))
    .sort();
  const codes = new Map();
  for (const { code, file, messages, hints } of files.flatMap(errorsIn)) {
    const known = codes.get(code) ?? { files: [], messages: new Set(), hints: new Set() };
    known.files.push(file);
    for (const message of messages) known.messages.add(message);
    for (const hint of hints) known.hints.add(hint);
    codes.set(code, known);
  }
  return codes;
}

/** As a sentence of a page: what Markdown would read as markup is code, or escaped. */
function sentence(text) {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[<>*|]/g, '\\$&')
    .trim();
}

function entry(code, { messages, hints }, cause) {
  const says = [...messages].map((text) => text.split('\n')[0].trim()).filter((text) => /[a-z]{3}/.test(text));
  const advice = [...hints].filter((text) => /[a-z]{3}/.test(text));
  if (advice.length === 0 && cause === undefined) {
    throw new Error(`${code} has no hint in the source: give it one, or say what to do in scripts/error-causes.yaml`);
  }
  const all = [...(cause === undefined ? [] : [cause]), ...advice];
  return [
    `### ${code}`,
    '',
    ...(says.length === 0
      ? []
      : [
          ...says
            .map((text) => `> ${sentence(text)}`)
            .join('\n>\n')
            .split('\n'),
          '',
        ]),
    ...(all.length === 1 ? [sentence(all[0])] : all.map((text) => `- ${sentence(text)}`)),
    '',
  ];
}

const begin = '<!-- error codes: generated by scripts/generate-docs.js -->';
const end = '<!-- end of error codes -->';

/** @param present the page as it is: what is outside of the marks is written by hand */
export function troubleshootingPage(present) {
  const causes = parse(readFileSync(join(root, 'scripts', 'error-causes.yaml'), 'utf8'));
  const codes = errorCodes();
  const unknown = Object.keys(causes).filter((code) => !codes.has(code));
  if (unknown.length > 0) throw new Error(`scripts/error-causes.yaml explains codes that are gone: ${unknown.join()}`);
  const areaOf = ({ files }) => areas.find(([, pattern]) => pattern.test(files[0]))?.[0];
  const sections = areas.flatMap(([title]) => {
    const own = [...codes].filter(([, found]) => areaOf(found) === title).sort(([a], [b]) => a.localeCompare(b));
    if (own.length === 0) return [];
    return [`## ${title}`, '', ...own.flatMap(([code, found]) => entry(code, found, causes[code]))];
  });
  const [before, rest] = present.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`docs/troubleshooting.md lacks ${begin} or ${end}`);
  return [before + begin, '', ...sections, end + after].join('\n');
}
