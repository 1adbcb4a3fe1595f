/** @file Terms that planewise writes and knows again. */

/** The third value of ImageType in files of planned images. */
export const PLANNED = 'PLANNED';

/** DeidentificationMethod (0012,0063) of what planewise derives from images whose patient it gives a pseudonym. */
export const DEIDENTIFIED = 'planewise: pseudonym, no dates, UIDs kept';
