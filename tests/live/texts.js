// Lists the visible texts, each with its contrast ratio (WCAG 2.2).
() => {
  const channels = (color) => {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const blend = (front, back, alpha) => back.map((channel, index) => channel * (1 - alpha) + front[index] * alpha);
  const linear = (channel) => (channel <= 10.31 ? channel / 3294.6 : ((channel / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const fromTheRoot = (element) => (element ? [...fromTheRoot(element.parentElement), element] : []);
  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const describe = (element) => {
    let ground = [255, 255, 255];
    let opacity = 1;
    for (const style of fromTheRoot(element).map((ancestor) => getComputedStyle(ancestor))) {
      const { rgb, alpha } = channels(style.backgroundColor);
      ground = blend(rgb, ground, alpha);
      opacity *= style.opacity;
    }
    const { rgb, alpha } = channels(getComputedStyle(element).color);
    const [text, behind] = [luminance(blend(rgb, ground, alpha * opacity)), luminance(ground)];
    return {
      text: element.textContent.trim(),
      contrast: (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05),
      isLight: text > behind,
    };
  };
  return [...document.querySelectorAll("body *")]
    .filter((element) => hasText(element) && element.checkVisibility())
    .map(describe);
};
