/** A part of a picture, as data: it becomes text or elements, and nothing in it is ever read as markup. */
export interface SvgNode {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (SvgNode | string)[];
}

/** @internal Makes a part of a picture. */
export function svg(tag: string, attributes: SvgNode['attributes'] = {}, ...children: SvgNode['children']): SvgNode {
  return { tag, attributes, children };
}

/** Writes a picture as text: one element a line, every text and attribute escaped. */
export function svgText(node: SvgNode): string {
  const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}="${escape(String(value))}"`);
  const open = `<${node.tag}${attributes.join('')}`;
  if (node.children.length === 0) return `${open}/>`;
  const children = node.children.map((child) => (typeof child === 'string' ? escape(child) : `\n${svgText(child)}`));
  const close = node.children.some((child) => typeof child !== 'string') ? `\n</${node.tag}>` : `</${node.tag}>`;
  return `${open}>${children.join('')}${close}`;
}

const namespace = 'http://www.w3.org/2000/svg';

/** Makes elements of a picture, without markup and without `style` attributes: strict policies allow it. */
export function svgElement(node: SvgNode, document: Document = globalThis.document): SVGElement {
  const element = document.createElementNS(namespace, node.tag);
  for (const [name, value] of Object.entries(node.attributes)) {
    if (name !== 'xmlns') element.setAttribute(name, String(value));
  }
  element.append(...node.children.map((child) => (typeof child === 'string' ? child : svgElement(child, document))));
  return element;
}

// What XML cannot hold even as a reference, and lone surrogates.
// eslint-disable-next-line no-control-regex -- control characters are what we look for
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

function escape(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(unwritable, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
