/** The bundler imports shaders as their text. */
declare module '*.wgsl' {
  const source: string;
  export default source;
}
