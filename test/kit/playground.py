"""The playground as a person uses it; ids are those of its template."""
from selenium.webdriver.common.by import By

from kit import expect


class Playground:
    def __init__(self, driver, site):
        self.driver, self.site = driver, site

    def open(self):
        self.driver.get(self.site.url + "/oauth/playground")
        return self

    def find(self, name):
        return self.driver.find_element(By.ID, name)

    def text(self, name):
        return self.find(name).text

    def type(self, name, text):
        field = self.find(name)
        field.clear()
        field.send_keys(text)

    def press(self, name):
        """Press a button and wait for the answer; return what the page says of it."""
        self.driver.execute_script(
            "document.getElementById('status').textContent = ''")
        button = self.find(name)
        self.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()
        return self.answer()

    def answer(self):
        return expect.until(lambda: self.text("status"))

    def sign_in(self, scope="read-posts write-posts admin", password=None, email=None):
        if not self.find("get-fold").get_property("open"):
            self.driver.execute_script(
                "document.querySelector('#get-fold > summary').click()")
        self.type("email", email or self.site.email)
        self.type("password", password or self.site.password)
        for chip in self.driver.find_elements(By.NAME, "scope-chip"):
            if chip.is_selected() != (chip.get_attribute("value") in scope.split()):
                chip.click()
        return self.press("get-token")

    def token(self):
        return self.find("access-token").get_property("textContent")

    def stamp(self):
        return self.find("stamp").get_property("textContent")

    def output(self):
        return self.find("output").get_property("textContent")

    def create(self, title, body):
        self.type("post-title", title)
        self.type("post-body", body)
        return self.press("create-post")

    def delete(self, post_id):
        self.type("delete-id", str(post_id))
        return self.press("delete-post")
