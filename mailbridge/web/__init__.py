"""Pages in a browser for those who work here: one ASGI application.

    server       uvicorn in a thread of the daemon, or of `mailbridge web`
    protection   before every page: headers, size of the body, origin of the request
    application  finds the route, the reader and the reader's rights, calls the page
    routes       the table of all pages, each with who may open it
    visit        what a page gets; answer: what it returns

A page is a synchronous function in a worker thread.  It reads the store, and changes it by the functions that mails use as well.
"""
