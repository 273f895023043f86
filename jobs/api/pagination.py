from rest_framework.pagination import PageNumberPagination


class JobPagination(PageNumberPagination):
    """Pages by number: people's histories are short, and a page number can be linked."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
