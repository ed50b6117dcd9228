"""One action in the formats of the open web: schema.org for search engines, vCard and iCalendar for visitors.

All facts are of the directory; what nobody published is left out.
"""
