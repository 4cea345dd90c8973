"""The matrix: a table whose columns are as many as its rows, and whose cells are worked on one by one."""
