"""What a person does in a real browser."""
from selenium.webdriver.common.by import By

from kit import expect


class Web:
    """A person who looks at the site's pages by driver."""

    def __init__(self, driver, site):
        self.driver, self.site = driver, site

    def open(self, path):
        self.driver.get(self.site.url + path)
        return self

    def find(self, name):
        return self.driver.find_element(By.ID, name)

    def has(self, name):
        return bool(self.driver.find_elements(By.ID, name))

    def press(self, name):
        """Press a button that leads to another page."""
        here = self.driver.find_element(By.TAG_NAME, "html").id
        self.find(name).click()
        self.arrive(here)

    def elsewhere(self, here):
        """Is there a page again, and is it another one?  Between two pages there is
        none."""
        return any(e.id != here
                   for e in self.driver.find_elements(By.TAG_NAME, "html"))

    def arrive(self, here):
        expect.until(lambda: self.elsewhere(here)
                     and self.driver.execute_script("return document.readyState")
                     == "complete")

    def fill(self, user, password=None):
        self.find("email").clear()
        self.find("email").send_keys(user.email)
        self.find("password").send_keys(password or user.password)

    def sign_in(self, user, password=None):
        self.fill(user, password)
        self.press("login")

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def url(self):
        return self.driver.current_url

    def focus(self):
        return self.driver.switch_to.active_element.get_attribute("id")
