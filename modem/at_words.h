/* at_words.h - errors that a modem tells in words although numbers were asked for. */
#pragma once

/* The number of "+CME ERROR: words" as 27.007 section 9.2 has them, any case; -1: not known. */
int at_words_cme(const char *words);

/* That of "+CMS ERROR: words" as 27.005 section 3.2.5 has them and what it refers to. */
int at_words_cms(const char *words);
