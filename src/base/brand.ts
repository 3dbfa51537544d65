declare const brand: unique symbol;

/** A value that only one parser makes, so that a forgotten check is a type error. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };
