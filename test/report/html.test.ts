import { describe, expect, it } from 'vitest';
import { attribute, escapeHtml, type Html, html } from '../../report/html.ts';

describe('html', () => {
  it('escapes text so that it can end neither an element nor a quoted attribute', () => {
    const hostile = `"><script>alert('1')</script>\``;
    expect(html`<td title="${hostile}">${hostile}</td>`.markup).toBe(
      `<td title="${escapeHtml(hostile)}">${escapeHtml(hostile)}</td>`,
    );
    expect(escapeHtml(hostile)).not.toMatch(/["'<>`]/);
  });

  it('does not escape twice, and keeps markup that was made here', () => {
    const inner = html`<b>${'a & b'}</b>`;
    expect(html`<p>${inner}</p>`.markup).toBe('<p><b>a &amp; b</b></p>');
    expect(html`${'&amp;'}`.markup).toBe('&amp;amp;');
  });

  it('joins lists and leaves nothing for null, undefined and false', () => {
    expect(html`<ul>${[1, 2].map((n) => html`<li>${n}</li>`)}</ul>${null}${undefined}${false}${0}`.markup).toBe(
      '<ul><li>1</li><li>2</li></ul>0',
    );
  });

  it('writes an attribute only where there is a value', () => {
    expect(html`<td${attribute('title', 'a "b"')}${attribute('class', false)}>`.markup).toBe(
      '<td title="a &quot;b&quot;">',
    );
  });

  it('replaces control characters', () => {
    expect(escapeHtml('a\u0000b\u001bc\nd')).toBe('a\ufffdb\ufffdc\nd');
  });

  it('takes objects that look like markup but were parsed from data as no markup', () => {
    const fake = JSON.parse('{"markup":"<script>"}') as Html;
    expect(() => html`${fake}`.markup).toThrow();
  });
});
