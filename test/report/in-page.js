/** What the tests ask of the page, run inside of it. */
globalThis.inPage = {
  /** Elements that reach beyond the window, though nothing around them scrolls. */
  tooWide: (except = '.scroll *') =>
    all('body *')
      .filter((element) => !element.matches(except) && element.getBoundingClientRect().right > innerWidth + 1)
      .map(describe),

  /** The smallest type on the page, in CSS pixels as they are shown. */
  smallestType: () =>
    Math.min(
      ...texts().map((element) => {
        const { a = 1, b = 0 } = element.getScreenCTM?.() ?? {};
        return Math.hypot(a, b) * Number.parseFloat(getComputedStyle(element).fontSize);
      }),
    ),

  /** Texts whose colour is too near to what is behind them (WCAG 2.2, 1.4.3). Axe does not look into drawings. */
  faintInDrawings: () =>
    texts()
      .filter((element) => element.closest('svg'))
      .filter((element) => contrast(getComputedStyle(element).fill, backgroundOf(element)) < 4.5)
      .map(describe),

  /** Texts of a drawing that reach out of it. */
  cutTexts: () => {
    const frame = document.documentElement.getBoundingClientRect();
    return all('text')
      .filter((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return left < frame.left || right > frame.right || top < frame.top || bottom > frame.bottom;
      })
      .map(describe);
  },

  /** Links within the page that lead to nothing. */
  deadLinks: () =>
    all('a[href^="#"]')
      .filter((link) => !document.getElementById(decodeURIComponent(link.hash.slice(1))))
      .map(describe),

  /** Follows each link in turn. @returns those that lead to nothing that is then on the screen, and how many there are */
  followEach: async (selector) => {
    const links = all(selector);
    const lost = [];
    for (const link of links) {
      link.click();
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const hash = decodeURIComponent(location.hash);
      const target = document.getElementById(hash.slice(1));
      const { width, height, left, top } = target?.getBoundingClientRect() ?? {};
      const isShown = width > 0 && height > 0 && left < innerWidth && top < innerHeight;
      if (link.getAttribute('href') !== hash || !isShown) lost.push(describe(link));
    }
    return { lost, followed: links.length };
  },
};

const all = (selector) => [...document.querySelectorAll(selector)];

/** Elements that show text of their own. */
const texts = () =>
  all('body *, text').filter(
    (element) =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '') &&
      element.getClientRects().length > 0,
  );

const describe = (element) => `${element.outerHTML.slice(0, 120)}`;

const backgroundOf = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if (backgroundColor !== 'rgba(0, 0, 0, 0)') return backgroundColor;
  }
  return 'rgb(255, 255, 255)';
};

const contrast = (a, b) => {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
};

/** Relative luminance (WCAG 2.2) of `rgb(r, g, b)`. */
const luminance = (colour) => {
  const [r, g, b] = colour
    .match(/[\d.]+/g)
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
