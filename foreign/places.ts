/** An argument in which `{name}` is replaced where a place has that name; other braces stay. */
export const filled = (argument: string, places: { readonly [name: string]: string }): string =>
  argument.replace(/\{([\w.-]+)\}/g, (whole, name: string) =>
    Object.hasOwn(places, name) ? (places[name] as string) : whole,
  );
