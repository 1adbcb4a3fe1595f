/** @file Saving of a report's charts and pictures as files: a script that puts a control on each. Needs no network. */

/**
 * Runs in the reader's browser; plain JavaScript, so it stands here as it is delivered. Files are called by the section
 * and the chart, never by a subject: their names may say more of people than a report that is passed on should.
 */
export const savingScript = `
(() => {
const inherited = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'stroke-linejoin', 'font-family', 'font-size', 'font-style', 'font-weight', 'font-variant-numeric', 'text-anchor', 'image-rendering'];
const ownOnly = ['vector-effect', 'filter'];
const style = (element) => getComputedStyle(element);
const paper = (element) => {
  const own = style(element).backgroundColor;
  return /^rgba\\(.*, 0\\)$|^transparent$/.test(own) ? style(document.body).backgroundColor : own;
};
const slug = (text) => text.toLowerCase().replace(/[^\\p{L}\\p{N}]+/gu, '-').replace(/^-|-$/g, '');

/** What an element's style says beyond what it has from its parent. */
const styleText = (element, svg) => {
  const [own, above] = [style(element), element === svg ? null : style(element.parentElement)];
  return [
    ...inherited.filter((name) => own.getPropertyValue(name) !== above?.getPropertyValue(name)),
    ...ownOnly.filter((name) => own.getPropertyValue(name) !== 'none'),
  ].map((name) => name + ':' + own.getPropertyValue(name)).join(';');
};

/** A picture as the text of a file that needs no other: styles written out, what is hidden left out, and who is on it. */
const svgText = (svg) => {
  const copy = svg.cloneNode(true);
  const [all, own] = [[svg, ...svg.querySelectorAll('*')], [copy, ...copy.querySelectorAll('*')]];
  all.forEach((element, i) => {
    if (style(element).display === 'none') return own[i].remove();
    own[i].removeAttribute('style');
    const text = styleText(element, svg);
    if (text) own[i].setAttribute('style', text);
    own[i].removeAttribute('class');
  });
  const [x, y, width, height] = svg.getAttribute('viewBox').split(/[ ,]+/).map(Number);
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [name, value] of Object.entries({ x, y, width, height, fill: paper(svg) })) ground.setAttribute(name, value);
  copy.prepend(ground);
  const box = svg.getBoundingClientRect();
  copy.setAttribute('width', box.width);
  copy.setAttribute('height', box.height);
  copy.removeAttribute('aria-label');
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return new XMLSerializer().serializeToString(copy);
};

const canvasOf = (width, height, colour) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [Math.round(width), Math.round(height)];
  const pen = canvas.getContext('2d');
  pen.fillStyle = colour;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  return [canvas, pen];
};

/** At twice the size on the screen, 1,024 pixels wide at least. */
const svgCanvas = async (svg) => {
  const { width, height } = svg.getBoundingClientRect();
  const scale = Math.max(2, 1024 / width);
  const [canvas, pen] = canvasOf(width * scale, height * scale, paper(svg));
  const image = new Image();
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(svgText(svg));
  await image.decode();
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
};

/** A plot with its title and the names of its curves. */
const plotCanvas = (figure) => {
  const plot = figure.querySelector('canvas');
  const scale = plot.width / plot.getBoundingClientRect().width;
  const line = 28 * scale;
  const [canvas, pen] = canvasOf(plot.width, plot.height + 2 * line, paper(figure));
  const caption = figure.querySelector('figcaption');
  const write = (text, x, y, weight) => {
    pen.font = weight + ' ' + 14 * scale + 'px ' + style(caption).fontFamily;
    pen.fillStyle = style(caption).color;
    pen.fillText(text, x, y);
    return pen.measureText(text).width;
  };
  write(caption.textContent, 8 * scale, 0.7 * line, 600);
  pen.drawImage(plot, 0, line);
  let x = 8 * scale;
  for (const entry of [...figure.querySelectorAll('.u-series')].slice(1)) {
    pen.fillStyle = style(entry.querySelector('.u-marker')).borderTopColor;
    pen.fillRect(x, line * 1.5 + plot.height - 2 * scale, 16 * scale, 4 * scale);
    x += 22 * scale;
    x += write(entry.querySelector('.u-label').textContent, x, plot.height + 1.68 * line, 400) + 20 * scale;
  }
  return canvas;
};

const save = (blob, name) => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
};
const png = async (canvas) => new Promise((done) => canvas.toBlob(done, 'image/png'));
const imageCanvas = (image) => {
  const [canvas, pen] = canvasOf(image.naturalWidth, image.naturalHeight, '#000');
  pen.drawImage(image, 0, 0);
  return canvas;
};

for (const section of document.querySelectorAll('section')) {
  const title = slug(section.querySelector('h2').textContent);
  const pictures = [...section.querySelectorAll('svg[role=img], .curve > div, img')];
  pictures.forEach((picture, i) => {
    const caption = picture.closest('.curve, .spread')?.querySelector('figcaption').textContent;
    const name = [title, ...(caption ? [slug(caption)] : pictures.length > 1 ? [i + 1] : [])].join('-');
    const forms = picture.tagName === 'svg'
      ? { svg: async () => new Blob([svgText(picture)], { type: 'image/svg+xml' }), png: async () => png(await svgCanvas(picture)) }
      : { png: () => png(picture.tagName === 'IMG' ? imageCanvas(picture) : plotCanvas(picture.closest('figure'))) };
    const box = document.createElement('div');
    const tools = document.createElement('div');
    box.className = 'picture';
    tools.className = 'save';
    picture.replaceWith(box);
    for (const [form, make] of Object.entries(forms)) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = form.toUpperCase();
      button.title = 'Save as ' + name + '.' + form;
      button.setAttribute('aria-label', button.title);
      button.addEventListener('click', async () => save(await make(), name + '.' + form));
      tools.append(button);
    }
    box.append(picture, tools);
  });
}
})();
`;

export const savingStyle = `
.picture { position: relative; min-width: 0; }
.save { position: absolute; top: 4px; right: 4px; display: flex; gap: 4px; opacity: 0; }
.picture:hover .save, .save:focus-within { opacity: 1; }
.save button { font: 600 12px/1 system-ui, sans-serif; min-width: 38px; min-height: 24px; padding: 4px 6px; border: 1px solid var(--rule); border-radius: 5px; background: var(--paper); color: var(--ink); cursor: pointer; }
@media (hover: none) { .save { opacity: 1; } }
@media print { .save { display: none; } }
`;
