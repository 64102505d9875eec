"""Places that are known without asking anybody: cities, countries, US states; read at need.

Nothing is imported here: the build cuts the data with `names` and `columns`, where no package is installed.
"""
