/** @file Terms that planewise writes and knows again. */

/** The third value of ImageType in files of planned images. */
export const PLANNED = 'PLANNED';
