"""The directory out and in: archive, CSV, XLSX, data.inclusion, Open Referral HSDS.

Every import goes one way: a file is read into a whole directory (``DirectoryFiles``), ``importing``
says what it would change, and writes it in one transaction or not at all.
"""
