"""The book as a PDF and as an EPUB, made from the pages that `make book` wrote.

`pages` turns those pages into chapters for paper: figures at rest, answers at the
end of the chapter, no controls. `chromium` typesets the mathematics with the book's
own MathJax and prints. `pdf`, `epub` and `dist` are the commands; `checks` says what
is wrong with a PDF, and EPUBCheck does so for an EPUB.

Nothing is executed again and no page is read by Sphinx a second time.
"""
