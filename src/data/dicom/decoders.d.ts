/** @file Types of the decoder packages that ship none. */

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decode';
declare module '@cornerstonejs/codec-charls/decode';
declare module '@cornerstonejs/codec-openjpeg/decode';
